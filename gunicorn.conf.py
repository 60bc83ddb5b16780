"""For those who start `gunicorn 'app:create_app()'` themselves: the same settings as `flask web`."""

import os

from config import Settings
from processes.web import options

globals().update(options(Settings.from_environ(os.environ)))
