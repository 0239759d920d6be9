#!/usr/bin/env bash
# Installs what the tests need from the system and is not there. $1: how to become root, if needed.
set -euo pipefail
sudo=$1
packages=()
[ -e /usr/include/curl/curl.h ] || compgen -G '/usr/include/*/curl/curl.h' >/dev/null || packages+=(libcurl4-openssl-dev)
command -v curl >/dev/null || packages+=(curl)
command -v ip >/dev/null || packages+=(iproute2)
# Debian keeps it where only root looks.
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || packages+=(nginx-light)
command -v pip3 >/dev/null || packages+=(python3-pip)
python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3-venv)
[ ${#packages[@]} = 0 ] && exit 0
command="apt-get install -y ${packages[*]}"
if [ "$(id -u)" != 0 ] && [ -z "$sudo" ]; then
  echo "missing: ${packages[*]}. As root: $command" >&2
  exit 1
fi
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo $command -qq || { echo "failed: $command" >&2; exit 1; }
