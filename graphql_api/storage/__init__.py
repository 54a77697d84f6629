"""Bytes by key. `blob_store` has the protocol; `local` keeps them in a folder, `s3` in a bucket."""
