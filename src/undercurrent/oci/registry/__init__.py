"""Registries: reached, asked and written to as the distribution specification says."""

from undercurrent.oci.registry.credentials import Credential, Credentials, CredentialSource
from undercurrent.oci.registry.host import Registry
from undercurrent.oci.registry.logins import Login, login, logout
from undercurrent.oci.registry.repository import Repository

__all__ = ["Credential", "CredentialSource", "Credentials", "Login", "Registry", "Repository", "login", "logout"]
