-- AlterTable
ALTER TABLE "blobs" ADD COLUMN     "damaged_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "blob_chunks" ADD COLUMN     "crc32" INTEGER;
