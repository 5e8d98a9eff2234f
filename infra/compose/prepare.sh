#!/usr/bin/env bash
# Makes a certificate authority and the certificates of the servers once, and gives each volume to the user that will write it.
# Runs in the vendor's es-gencert-cli image, without a network; the authority's key never leaves its own volume.
set -euo pipefail
umask 077

[ -f /authority/ca.key ] || es-gencert-cli create-ca -days 3650 -out /authority

# name, addresses, names
node() {
  [ -f "/certificates/$1/node.key" ] && return
  es-gencert-cli create-node -days 825 -ca-certificate /authority/ca.crt -ca-key /authority/ca.key \
    -out "/certificates/$1" -ip-addresses "$2" -dns-names "$3"
}
node eventstore1 127.0.0.1,172.30.240.11 eventstore1,localhost
node eventstore2 127.0.0.1,172.30.240.12 eventstore2,localhost
node eventstore3 127.0.0.1,172.30.240.13 eventstore3,localhost
node postgres 127.0.0.1 postgres,localhost
node gateway 127.0.0.1 "$GATEWAY_NAMES"

for name in eventstore1 eventstore2 eventstore3 postgres gateway; do
  chown -R "$HUB_UID:$HUB_GID" "/certificates/$name"
done
install -m 0755 -d /trust
install -m 0644 /authority/ca.crt /trust/ca.crt
for volume in /volumes/*; do
  chown "$HUB_UID:$HUB_GID" "$volume"
  chmod 0700 "$volume"
done
