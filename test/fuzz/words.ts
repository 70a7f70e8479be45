/** Words that stand in the files of each format, from which mutations draw. */

const RECIPES = [
  '{"method":"gradual","target":{"sparsity":0.9},"schedule":{"type":"polynomial","begin":0,"end":100,"power":3},"training":{"epochs":2,"batchSize":32,"optimizer":{"type":"adam","learningRate":0.001}}}',
  '{"method":"one-shot","criterion":"wanda","calibration":{"examples":64},"granularity":{"type":"n:m","n":2,"m":4},"scope":"lamp","layers":[{"match":"conv*","skip":true}]}',
  'method: magnitude\ntarget: {maxAccuracyDrop: 0.01}\nsearch: {attempts: 4}\nlayers:\n  - match: "dense*"\n    sparsity: 0.5\noutput: [keras, tfjs-layers]\nstages: []\n',
]

export const WORDS = {
  keras: ['"class_name"', '"config"', '"name"', '"layers"', '"inbound_nodes"', '"build_config"', '"Sequential"', '"Functional"', '"Dense"', '"Conv2D"', '"InputLayer"', '"Bidirectional"', '"TimeDistributed"',
    '"MultiHeadAttention"', '"Embedding"', '"LSTM"', '"BatchNormalization"', '"__keras_tensor__"', '"keras_history"', '"batch_shape"', '"units"', '"filters"', '"kernel_size"', '"strides"', '"padding"', '"dtype"',
    '"dilation_rate"', '"groups"', 'null', '-1', '1e999', '4294967296', '9007199254740993', '[]', '{}', '[null,null]', '"same"', '"float64"', 'true'],
  savedmodel: ['_CHECKPOINTABLE_OBJECT_GRAPH', '.ATTRIBUTES/VARIABLE_VALUE', '.OPTIMIZER_SLOT', 'variables/variables.index', 'variables/variables.data-00000-of-00001', 'saved_model.pb', 'layer_with_weights-0', 'kernel'],
  safetensors: ['"dtype"', '"shape"', '"data_offsets"', '"__metadata__"', '"F32"', '"F16"', '"BF16"', '"I64"', '"F8_E4M3"', '"BOOL"', '[0,4]', '[4,0]', '[]', '-1', '1e999', '"weight_map"', '"format"', '"pt"', '{}', '"__proto__"'],
  onnx: ['MatMul', 'Gemm', 'Conv', 'LSTM', 'GRU', 'Constant', 'If', 'Loop', 'location', 'offset', 'length', 'weights.bin', '../weights.bin', '-1', '18446744073709551615', 'ai.onnx', 'Transpose', 'QLinearMatMul'],
  npy: ['\'descr\'', '\'<f4\'', '\'>i8\'', '\'|b1\'', '\'|O\'', '\'fortran_order\'', 'True', 'False', '\'shape\'', '()', '(0,)', '(1,)', '(-1,)', '(4294967296, 4294967296)', '(9007199254740993,)', '(1L,)', ', ', '}'],
  csv: [',', ';', '\t', '"', '""', '\n', '\r', '\r\n', 'sep=;\n', 'nan', 'inf', '-inf', '1e999', '1e', '.', '\ufeff', 'y', 'label', ' '],
  hdf5: ['TREE', 'HEAP', 'SNOD', 'GCOL', 'OHDR', 'OCHK', 'BTHD', 'BTLF', 'BTIN', 'FRHP', 'FHDB', 'FHIB', 'FAHD', 'FADB', 'EAHD', 'EAIB', 'EASB', 'EADB', '\u0001', '\u0003', '\u0011'],
  recipe: ['method', 'target', 'sparsity', 'threshold', 'maxAccuracyDrop', 'layers', 'match', 'schedule', 'training', 'options', 'granularity', 'calibration', 'output', 'stages', 'seed', ': ', '- ', '\n', '  ', '&a ', '*a', '<<: *a', '!!js/function ',
    '!!binary ', '|\n', '>-\n', '? ', '%YAML 1.1\n', '---\n', '...\n', '[', ']', '{', '}', '"', '\'', '#', '.inf', '.nan', '~', '0x1', '1e999', '__proto__', 'constructor', '**', '*'.repeat(100)],
  recipes: RECIPES,
} as const
