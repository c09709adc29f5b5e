"""The jail: CPython where it can touch nothing, for snippets found in stories.

``jail.py`` is the host's side. It starts one ``supervisor``, which forks a child per snippet and
confines it (``confine``: rlimits, user, Landlock, ``seccomp``). Why not a kept library: see
``docs/code-in-stories.md``.
"""
