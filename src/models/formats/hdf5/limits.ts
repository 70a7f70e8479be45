/** Every number of an HDF5 file that decides how much work or memory is spent, with its greatest allowed value and the reason for it. */

/** Groups inside groups. Keras nests about three groups for each nested model; nobody nests forty models. */
export const MAX_DEPTH = 128

/** Groups and datasets in one file. A model of 10,000 layers with optimizer state has about 80,000. */
export const MAX_OBJECTS = 500_000

/** Messages in one object header: the count field of a version 1 header has 16 bits. */
export const MAX_HEADER_MESSAGES = 65_535

/** Continuation blocks of one object header. HDF5 adds one whenever attributes outgrow the last. */
export const MAX_HEADER_BLOCKS = 4_096

/** Axes of a dataset or attribute: H5S_MAX_RANK of the HDF5 library. */
export const MAX_RANK = 32

/** Bytes of one attribute with its strings resolved. The model_config of a very large model has a few megabytes. */
export const MAX_ATTRIBUTE_BYTES = 64 * 2 ** 20

/** Bytes of one decompressed chunk, which has to be held whole, and twice while its filters are undone. h5py's own choice stays below 1 MiB. */
export const MAX_CHUNK_BYTES = 96 * 2 ** 20

/** Bytes of a row of chunks over the whole width of a dataset, which is held until its last chunk is read. A tensor of 2 GiB in h5py's own chunks has 20 MiB. */
export const MAX_BAND_BYTES = 96 * 2 ** 20

/** Chunks of one dataset: 1 TiB at 1 MiB a chunk; each costs a table entry and a read. */
export const MAX_CHUNKS = 2 ** 20

/** Filters of one pipeline: H5Z_MAX_NFILTERS of the HDF5 library. */
export const MAX_FILTERS = 32

/** Levels of a B-tree. Even two entries a node would then index 2^24 objects, more than are allowed. */
export const MAX_TREE_LEVELS = 24

/** Deflate cannot expand more than this (RFC 1951: 258 bytes out of two bits); a dataset that claims more is damaged or hostile. */
export const MAX_EXPANSION = 1032

/** Bytes of all datasets of which nothing or little is stored: the rest is fill values, which cost no bytes in the file. */
export const MAX_UNSTORED_BYTES = 64 * 2 ** 20

/** Datasets that may stand for the same bytes, in the mean over the file: shared weights under two names are sound, a thousand names are not. */
export const MAX_NAMES_PER_BYTE = 4

/**
 * Metadata bytes read or resolved in total, relative to the size of the file and as an allowance for small ones. A sound file has each byte
 * read about once; blocks that are shared by thousands of references would otherwise multiply the work.
 */
export const MAX_METADATA_RATIO = 4
export const METADATA_ALLOWANCE = 2 ** 20

/** Bytes of metadata read at once, and how many such pages are kept. */
export const PAGE_BYTES = 64 * 1024
export const PAGES_KEPT = 64

/** A message of a version 1 object header: the size field has 16 bits and sizes are multiples of eight. */
export const MAX_MESSAGE_BYTES = 65_528

/** A dataset that fits into this is written contiguously even if compression is asked for: the index of the chunks alone takes 2 to 4 KB. */
export const MIN_COMPRESSED_BYTES = 8 * 1024

/** Bytes aimed at for a chunk that is written: large enough for deflate's 32 KiB window, small enough to read parts of a tensor. */
export const WRITTEN_CHUNK_BYTES = 512 * 1024

/** Chunks compressed at the same time; each holds its bytes twice. */
export const CHUNKS_AT_ONCE = 4
