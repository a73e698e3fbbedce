# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests and benchmarks, made by openssl; good for two days."""
import pathlib
import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def self_signed(folder, file, name, also=None):
    """FILE.crt and FILE.key: its own authority, under a common name, and perhaps under others ("DNS:…", "IP:…")."""
    more = ["-addext", f"subjectAltName={also}"] if also else []
    openssl(folder, "req", "-x509", *KEY, "-days", "2", "-subj", f"/CN={name}", *more, "-keyout", f"{file}.key", "-out", f"{file}.crt")


def signed(folder, file, name, extension=None):
    """FILE.crt and FILE.key, signed by what self_signed(folder, "ca", …) has made; with a line as openssl's extension files have them."""
    (pathlib.Path(folder) / f"{file}.ext").write_text(f"{extension or ''}\n")
    openssl(folder, "req", *KEY, "-subj", f"/CN={name}", "-keyout", f"{file}.key", "-out", f"{file}.csr")
    openssl(folder, "x509", "-req", "-in", f"{file}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", f"{file}.ext", "-out", f"{file}.crt")
