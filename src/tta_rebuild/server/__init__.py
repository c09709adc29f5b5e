"""The engine over HTTP: it translates, and decides nothing. Begun by ``tta serve``.

FastAPI is the extra ``[server]``, and loaded by this room alone.
"""
