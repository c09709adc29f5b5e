"""``python -m tta_rebuild`` is ``tta``."""

import sys

from tta_rebuild.cli.main import main

sys.exit(main())
