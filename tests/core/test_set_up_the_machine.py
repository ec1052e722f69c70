"""Somebody sets the machine up by flags, environment, file and secret files; a mistake is told in one sentence."""

import subprocess
import sys
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from homeport.core.config import Config, ConfigError, load, settings


def read(folder: Path, environ: Mapping[str, str] | None = None, **flags: Any) -> Config:
    return load({"data": str(folder), **flags}, environ or {})


def mistake(folder: Path, environ: Mapping[str, str] | None = None, **flags: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        read(folder, environ, **flags)
    sentence = raised.value.message
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_everything_has_a_default(tmp_path: Path) -> None:
    config = load({}, {"HOMEPORT_DATA": str(tmp_path)})
    assert config == Config(data=tmp_path)
    assert config.sqlalchemy_url == f"sqlite:///{tmp_path}/homeport.db"
    assert config.origin == "http://localhost:8000"
    assert not config.secure


def test_the_data_directory_is_beside_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load({}, {}).data == tmp_path / "homeport-data"


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "homeport.toml").write_text('port = 1001\nhost = "10.0.0.1"\nweb_threads = 2')
    environ = {"HOMEPORT_PORT": "1002", "HOMEPORT_HOST": "10.0.0.2"}
    config = read(tmp_path, environ, port="1003")
    assert (config.port, config.host, config.web_threads) == (1003, "10.0.0.2", 2)
    assert read(tmp_path, environ, port=None).port == 1002


def test_other_programs_variables_are_no_concern(tmp_path: Path) -> None:
    assert read(tmp_path, {"PATH": "/bin", "HOME": "/root", "homeport_port": "x"}).port == 8000


def test_a_domain_makes_the_links_https(tmp_path: Path) -> None:
    config = read(tmp_path, {"HOMEPORT_DOMAIN": "Blog.Example.com."})
    assert config.origin == "https://blog.example.com"
    assert config.secure
    assert {"blog.example.com", "localhost"} <= set(config.hosts)


def test_lists_may_be_written_in_both_ways(tmp_path: Path) -> None:
    (tmp_path / "homeport.toml").write_text('allowed_hosts = ["a.local", "b.local"]\ntrusted_proxies = ["10.0.0.0/8"]')
    config = read(tmp_path)
    assert config.allowed_hosts == ("a.local", "b.local")
    environ = {"HOMEPORT_ALLOWED_HOSTS": "a.local, b.local,", "HOMEPORT_TRUSTED_PROXIES": "10.0.0.0/8"}
    assert read(tmp_path, environ).allowed_hosts == config.allowed_hosts
    assert config.trusted_proxies == (ip_network("10.0.0.0/8"),)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "smtp"
    secret.write_text("smtp://user:pass@mail.example:587\n")
    assert read(tmp_path, {"HOMEPORT_SMTP_URL_FILE": str(secret)}).smtp_url == "smtp://user:pass@mail.example:587"
    environ = {"HOMEPORT_SMTP_URL": "smtp://other:25", "HOMEPORT_SMTP_URL_FILE": str(secret)}
    for order in (environ, dict(reversed(environ.items()))):
        assert read(tmp_path, order).smtp_url == "smtp://other:25"


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    assert str(missing) in mistake(tmp_path, {"HOMEPORT_SMTP_URL_FILE": str(missing)})
    assert "is a directory" in mistake(tmp_path, {"HOMEPORT_SMTP_URL_FILE": str(tmp_path)}).lower()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "HOMEPORT_SMTP_URL_FILE" in mistake(tmp_path, {"HOMEPORT_SMTP_URL_FILE": str(tmp_path / "binary")})


def test_only_secrets_come_from_files(tmp_path: Path) -> None:
    assert "HOMEPORT_PORT_FILE is not a setting" in mistake(tmp_path, {"HOMEPORT_PORT_FILE": "/etc/hostname"})


@pytest.mark.parametrize(
    ("name", "value", "about"),
    [
        ("PORT", "eighty", "whole number from 1 to 65535"),
        ("PORT", "0", "whole number"),
        ("PORT", "70000", "whole number"),
        ("PORT", "", "whole number"),
        ("WEB_PROCESSES", "-1", "from 1 to 64"),
        ("LOG_FORMAT", "xml", "text, json"),
        ("LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("DOMAIN", "https://blog.example.com", "without https://"),
        ("DOMAIN", "blog.example.com/path", "without a path"),
        ("DOMAIN", "blog example", "host name"),
        ("ALLOWED_HOSTS", "a.local, b c", "host name"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "IP addresses or networks"),
        ("TRUSTED_PROXIES", "everybody", "IP addresses or networks"),
        ("DATABASE_URL", "mysql://root@localhost/blog", "sqlite://"),
        ("SMTP_URL", "mail.example.com", "smtp://"),
        ("SMTP_URL", "smtp://", "smtp://user:password@host:587"),
        ("SMTP_URL", "smtp://mail.example.com:port", "smtp://user:password@host:587"),
        ("MAIL_FROM", "My blog", "an email address"),
    ],
)
def test_a_wrong_value_is_told_in_one_sentence(tmp_path: Path, name: str, value: str, about: str) -> None:
    sentence = mistake(tmp_path, {f"HOMEPORT_{name}": value})
    assert sentence.startswith(f"HOMEPORT_{name} must be")
    assert about in sentence


def test_the_sentence_says_where_the_value_came_from(tmp_path: Path) -> None:
    assert mistake(tmp_path, port="x").startswith("--port must be")
    assert mistake(tmp_path, web_threads="0").startswith("--web-threads must be")
    (tmp_path / "homeport.toml").write_text("port = true")
    assert mistake(tmp_path).startswith("homeport.toml: port must be")


def test_a_secret_is_never_repeated(tmp_path: Path) -> None:
    for name in ("SMTP_URL", "DATABASE_URL"):
        assert "hunter2" not in mistake(tmp_path, {f"HOMEPORT_{name}": "user:hunter2@mail"})


def test_a_name_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    assert "HOMEPORT_PROT is not a setting" in mistake(tmp_path, {"HOMEPORT_PROT": "80"})
    (tmp_path / "homeport.toml").write_text("prot = 80")
    assert "prot is not a setting" in mistake(tmp_path)
    assert "docs/settings.md" in mistake(tmp_path)


@pytest.mark.parametrize(
    "content", [b"port = ", b"= 3", b"port: 80", b"\xff\xfe", b"port = 1\nport = 2", b"[server]\nport=1"]
)
def test_a_broken_file_is_told_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "homeport.toml").write_bytes(content)
    assert "homeport.toml" in mistake(tmp_path)


def test_postgresql_is_reached_with_the_driver_we_have(tmp_path: Path) -> None:
    url = "postgresql://user@db.example/blog"
    assert read(tmp_path, {"HOMEPORT_DATABASE_URL": url}).sqlalchemy_url == "postgresql+psycopg://user@db.example/blog"


def test_links_to_an_address_that_listens_everywhere_name_this_computer() -> None:
    data = Path("x")
    assert Config(data=data, host="0.0.0.0").origin == "http://localhost:8000"
    assert Config(data=data, host="192.168.1.5", port=80).origin == "http://192.168.1.5:80"
    assert Config(data=data, host="fe80::1").origin == "http://[fe80::1]:8000"


def test_a_command_ends_with_the_sentence_and_code_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "homeport.cli", "db", "upgrade", "--data", str(tmp_path)],
        env={"HOMEPORT_PORT": "eighty", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "homeport: HOMEPORT_PORT must be a whole number from 1 to 65535, not 'eighty'.\n"
    assert done.stdout == ""


def test_no_secret_has_a_usable_default() -> None:
    assert {row.name: row.default for row in settings() if row.metadata["secret"]} == {
        "database_url": "",
        "smtp_url": "",
        "https_dns_credentials": (),
    }
