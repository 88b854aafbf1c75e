#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prints the folder that holds Fashion-MNIST, once its four files have the right SHA-256; else says what to put where.
# Looked at: data/fashion-mnist in the project, then where the Debian package dataset-fashion-mnist puts it.
set -euo pipefail
setup=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$setup/messages.sh"
own=$(dirname "$setup")/data/fashion-mnist
for folder in "$own" /usr/share/datasets/fashion-mnist; do
    [ -d "$folder" ] || continue
    if ! wrong=$(cd "$folder" && sha256sum --quiet --check "$setup/packages/fashion_mnist.sha256" 2>&1); then
        fail "setup: the files in '$folder' are not those of Fashion-MNIST:" "$wrong" \
            "wanted SHA-256 sums: setup/packages/fashion_mnist.sha256; replace the files, or remove the folder"
    fi
    echo "$folder"
    exit 0
done
fail "setup: Fashion-MNIST (31 MB, MIT licence) is not here, and this system has no package dataset-fashion-mnist." \
    "Download the four files that the page github.com/zalandoresearch/fashion-mnist links to under 'Get the Data'," \
    "put them, as they are (.gz), into $own, and run this again:" \
    "$(sed 's/^[0-9a-f]*  /  /' "$setup/packages/fashion_mnist.sha256")"
