#!/usr/bin/env bash
# Makes a certificate authority and the certificates of the servers once, and gives each volume to the user that will write it.
# Runs in the vendor's es-gencert-cli image, without a network; the authority's key never leaves its own volume.
set -euo pipefail
umask 077

if [ ! -f /authority/ca.key ]; then
  es-gencert-cli create-ca -days 3650 -out /tmp/ca
  cp /tmp/ca/ca.crt /tmp/ca/ca.key /authority/
fi

# node NAME ADDRESSES NAMES: into the volume of that server, once.
node() {
  if [ ! -f "/certificates/$1/node.key" ]; then
    es-gencert-cli create-node -days 825 -ca-certificate /authority/ca.crt -ca-key /authority/ca.key \
      -out "/tmp/$1" -ip-addresses "$2" -dns-names "$3"
    cp "/tmp/$1/node.crt" "/tmp/$1/node.key" "/certificates/$1/"
  fi
  chown -R "$HUB_UID:$HUB_GID" "/certificates/$1"
}
node eventstore1 127.0.0.1,172.30.240.11 eventstore1,localhost
node eventstore2 127.0.0.1,172.30.240.12 eventstore2,localhost
node eventstore3 127.0.0.1,172.30.240.13 eventstore3,localhost
node postgres 127.0.0.1 postgres,localhost
node gateway 127.0.0.1 "$GATEWAY_NAMES"

cp /authority/ca.crt /trust/ca.crt
chmod 0755 /trust
chmod 0644 /trust/ca.crt

for volume in /volumes/*; do
  chown "$HUB_UID:$HUB_GID" "$volume"
  chmod 0700 "$volume"
done
