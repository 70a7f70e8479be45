/**
 * The operations of TensorFlow that are run from a file that somebody sent: those that compute from their inputs and do nothing else. What is not listed is
 * not run. Not listed on purpose are all that read or write files (ReadFile, WriteFile, SaveV2, RestoreV2, MergeV2Checkpoints, ImmutableConst, lookup tables
 * from files, readers, data sets, summaries, DecodeProtoV2, which opens a file of descriptors), run other code (PyFunc, XlaCustomCall, custom operations),
 * speak to other processes or devices, print, sleep, or change variables.
 */
const LISTS = {
  arithmetic: `Abs AccumulateNV2 Acos Acosh Add AddN AddV2 ApproximateEqual Asin Asinh Atan Atan2 Atanh Betainc BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 BesselJ1
    BesselK0 BesselK0e BesselK1 BesselK1e BesselY0 BesselY1 Ceil ClipByValue Cos Cosh Cross Cumprod Cumsum CumulativeLogsumexp Dawsn Digamma Div DivNoNan Erf Erfc Erfinv
    Exp Expint Expm1 Floor FloorDiv FloorMod FresnelCos FresnelSin Igamma Igammac Inv L2Loss Lgamma Log Log1p Maximum Minimum Mod Mul MulNoNan Ndtri Neg NextAfter
    Polygamma Pow RealDiv Reciprocal Rint Round Rsqrt Sign Sin Sinh Spence Sqrt Square SquaredDifference Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlog1py Xlogy Zeta`,
  comparison: `Equal Greater GreaterEqual InTopK InTopKV2 IsFinite IsInf IsNan Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual Select SelectV2 BitwiseAnd
    BitwiseOr BitwiseXor Invert LeftShift PopulationCount RightShift`,
  reduction: `All Any ArgMax ArgMin Bincount DenseBincount EuclideanNorm Max Mean Min Prod Sum SegmentMax SegmentMaxV2 SegmentMean SegmentMin SegmentMinV2 SegmentProd
    SegmentProdV2 SegmentSum SegmentSumV2 UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum SparseSegmentMean SparseSegmentMeanWithNumSegments
    SparseSegmentSqrtN SparseSegmentSqrtNWithNumSegments SparseSegmentSum SparseSegmentSumWithNumSegments`,
  array: `BatchToSpace BatchToSpaceND Bitcast BroadcastArgs BroadcastTo Bucketize Cast Concat ConcatOffset ConcatV2 Const DepthToSpace Diag DiagPart DynamicPartition
    DynamicStitch ParallelDynamicStitch EnsureShape ExpandDims Fill Gather GatherNd GatherV2 HistogramFixedWidth Identity IdentityN InvertPermutation LinSpace ListDiff
    LowerBound MatrixBandPart MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MirrorPad
    NthElement OneHot OnesLike Pack Pad PadV2 Placeholder PlaceholderV2 PlaceholderWithDefault PreventGradient Range Rank Reshape Reverse ReverseSequence ReverseV2 Roll
    ScatterNd Shape ShapeN Size Slice Snapshot SpaceToBatch SpaceToBatchND SpaceToDepth Split SplitV Squeeze StopGradient StridedSlice TensorScatterAdd TensorScatterMax
    TensorScatterMin TensorScatterSub TensorScatterUpdate TensorStridedSliceUpdate Tile TopK TopKV2 Transpose ConjugateTranspose Unique UniqueV2 UniqueWithCounts
    UniqueWithCountsV2 Unpack UnravelIndex UpperBound Where ZerosLike`,
  product: `BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum MatMul SparseMatMul SparseTensorDenseMatMul Cholesky MatrixDeterminant LogMatrixDeterminant MatrixInverse
    MatrixSolve MatrixTriangularSolve MatrixExponential MatrixSquareRoot Qr Svd SelfAdjointEigV2 TridiagonalMatMul TridiagonalSolve BandedTriangularSolve`,
  network: `AvgPool AvgPool3D BatchNormWithGlobalNormalization BiasAdd BiasAddV1 BlockLSTM BlockLSTMV2 Conv Conv2D Conv2DBackpropInput Conv2DBackpropInputV2 Conv3D
    Conv3DBackpropInput Conv3DBackpropInputV2 DataFormatDimMap DataFormatVecPermute DepthwiseConv2dNative Dilation2D Elu FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
    FusedPadConv2D FusedResizeAndPadConv2D GRUBlockCell LRN LSTMBlockCell LeakyRelu LogSoftmax MaxPool MaxPool3D MaxPoolV2 MaxPoolWithArgmax Relu Relu6 Selu Sigmoid Softmax
    Softplus Softsign _FusedBatchNormEx _FusedConv2D _FusedConv3D _FusedDepthwiseConv2dNative _FusedMatMul`,
  quantization: `Dequantize FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel QuantizeAndDequantize QuantizeAndDequantizeV2
    QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 QuantizeV2 QuantizedAdd QuantizedConv2D QuantizedMatMul QuantizedRelu RequantizationRange Requantize`,
  image: `AdjustContrastv2 AdjustHue AdjustSaturation CombinedNonMaxSuppression CropAndResize ExtractGlimpse ExtractGlimpseV2 ExtractImagePatches ExtractVolumePatches
    HSVToRGB ImageProjectiveTransformV2 ImageProjectiveTransformV3 NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5
    RGBToHSV ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate`,
  signal: 'Angle AudioSpectrogram Complex ComplexAbs Conj FFT FFT2D FFT3D IFFT IFFT2D IFFT3D IRFFT IRFFT2D IRFFT3D Imag Mfcc RFFT RFFT2D RFFT3D Real',
  ragged: `RaggedGather RaggedRange RaggedTensorToSparse RaggedTensorToTensor SparseConcat SparseFillEmptyRows SparseReduceMax SparseReduceSum SparseReorder SparseReshape
    SparseSlice SparseSoftmax SparseToDense`,
  control: `Case Enter Exit For If LoopCond Merge NextIteration NoOp ControlTrigger PartitionedCall StatefulPartitionedCall StatelessCase StatelessIf StatelessWhile Switch
    While _SwitchN FakeParam Assert`,
  list: `EmptyTensorList TensorListConcat TensorListConcatLists TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather TensorListGetItem
    TensorListLength TensorListPopBack TensorListPushBack TensorListPushBackBatch TensorListReserve TensorListResize TensorListScatter
    TensorListScatterIntoExistingList TensorListScatterV2 TensorListSetItem TensorListSplit TensorListStack TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3
    TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3`,
  variable: 'ReadVariableOp ResourceGather ResourceGatherNd VarHandleOp Variable VariableShape VariableV2 VarIsInitializedOp DisableCopyOnRead',
  random: `Multinomial RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt StatelessMultinomial StatelessRandomGetAlg StatelessRandomGetKeyCounter
    StatelessRandomGetKeyCounterAlg StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2
    StatelessRandomUniformInt StatelessRandomUniformIntV2 StatelessRandomUniformV2 StatelessTruncatedNormal StatelessTruncatedNormalV2 TruncatedNormal`,
} as const

const RUN: ReadonlySet<string> = new Set(Object.values(LISTS).flatMap((list) => list.split(/\s+/)))

export function isRun (op: string): boolean {
  return RUN.has(op)
}

/** Those that are run, in no order. */
export const RUN_OPERATIONS: readonly string[] = [...RUN]
