"""Programs that change to another user at start."""

from pathlib import Path

from tests.support.fixes import fixed, planned

from undercurrent.hardening.fixing.dropping import guarded
from undercurrent.splices import spliced

SCRIPT = """\
#!/bin/sh
set -e
chown -R app /data
if [ -n "$DEBUG" ]; then
    exec gosu app "$@" --debug
fi
su-exec app migrate
exec gosu app:app "$@"
"""


def test_whoever_is_not_root_goes_on_without_it() -> None:
    edits = guarded(SCRIPT)
    assert edits is not None
    assert (
        spliced(SCRIPT, edits)
        == """\
#!/bin/sh
set -e
[ "$(id -u)" != 0 ] || chown -R app /data
if [ -n "$DEBUG" ]; then
    [ "$(id -u)" = 0 ] || exec "$@" --debug
    exec gosu app "$@" --debug
fi
if [ "$(id -u)" = 0 ]; then su-exec app migrate; else migrate; fi
[ "$(id -u)" = 0 ] || exec "$@"
exec gosu app:app "$@"
"""
    )


def test_a_script_that_asks_already_is_left() -> None:
    text = '#!/bin/sh\nif [ "$(id -u)" = 0 ]; then exec gosu app "$@"; fi\nexec "$@"\n'
    assert guarded(text) == ()


def test_what_is_not_understood_is_not_changed() -> None:
    assert guarded("#!/bin/sh\nif [ ; then exec gosu app x\n") is None


def test_in_entrypoint_it_is_left_out() -> None:
    text = """\
FROM python:3.12
RUN useradd -u 5000 app
COPY . /app
EXPOSE 9000
ENTRYPOINT ["gosu", "app", "python", "/app/main.py"]
"""
    result = fixed(text)
    assert 'ENTRYPOINT ["python", "/app/main.py"]\n' in result
    assert "\nUSER 5000\n" in result
    assert not planned(result).edits


def test_the_script_of_the_build_context_is_changed_with_the_file(tmp_path: Path) -> None:
    script = tmp_path / "start.sh"
    script.write_text('#!/bin/sh\nexec gosu app "$@"\n')
    text = """\
FROM python:3.12
RUN useradd -u 5000 app
COPY start.sh /start.sh
EXPOSE 9000
ENTRYPOINT ["/start.sh"]
CMD ["python", "/app/main.py"]
"""
    result = fixed(text, tmp_path)
    assert "USER 5000\n" in result
    assert script.read_text() == '#!/bin/sh\n[ "$(id -u)" = 0 ] || exec "$@"\nexec gosu app "$@"\n'
    assert not planned(result, tmp_path).edits
