/** The part of libjpeg-turbo's WebAssembly build that is used; the package has no types of its own. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface JpegDecoder {
    /** Memory of the decoder to copy a file of `bytes` bytes to. */
    getEncodedBuffer (bytes: number): Uint8Array
    decode (): void
    getFrameInfo (): { readonly width: number, readonly height: number, readonly componentCount: number }
    /** Memory of the decoder, gone with it. */
    getDecodedBuffer (): Uint8Array
    delete (): void
  }

  export interface Codec { readonly JPEGDecoder: new () => JpegDecoder }

  export default function create (options: { print?: (text: string) => void, printErr?: (text: string) => void }): Promise<Codec>
}
