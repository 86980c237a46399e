"""The capture: a directory ``NAME.dyno`` with a manifest, raw files, and Parquet tables; or the same as one zip.

``journal`` is what the recorder appends to, ``tables`` what sealing makes of it, ``reader`` how everything reads it.
"""
