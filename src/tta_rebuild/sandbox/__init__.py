"""The jail: CPython where it can touch nothing, for snippets found in stories.

``jail.py`` is the host's side and all that ``local_executor`` calls. It starts one ``supervisor``
process, which forks a child per snippet and confines it (``confine``: rlimits, user, Landlock,
``seccomp``). ``escapes`` holds the real attempts that are made before the jail is trusted.

Written here because no kept library covers it: bubblewrap and nsjail are system packages (absent
from a ``pip install``), need user namespaces that many containers refuse, and start an interpreter
per snippet (~40 ms; a fork of a warm one takes ~3 ms); pyseccomp has had no release since 2021 and
needs libseccomp; neither speaks Landlock.
"""
