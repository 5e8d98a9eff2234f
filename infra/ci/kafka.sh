#!/bin/sh
# Fetches a real Apache Kafka from Maven Central for the tests and prints the folder of its jars.
# usage: infra/ci/kafka.sh [version]. Asks for nothing where the folder is there already. Ends with 3 and a reason where it can't.
set -eu
VERSION=${1:-4.4.0}
CACHE="$(cd "$(dirname "$0")/../.." && pwd)/node_modules/.cache/kafka"
JARS="$CACHE/$VERSION"
if [ -d "$JARS" ]; then
  echo "$JARS"
  exit 0
fi
command -v mvn >/dev/null 2>&1 || { echo 'mvn is not installed' >&2; exit 3; }

mkdir -p "$CACHE"
WORK=$(mktemp -d "$CACHE/fetching.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
cat >"$WORK/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tellonce</groupId><artifactId>test-kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$VERSION</version></dependency>
    <!-- Kafka depends on slf4j alone: without a binding it says nothing, why it does not start included. -->
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.5</version></dependency>
  </dependencies>
</project>
POM
mvn -q -B -f "$WORK/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
  -DincludeScope=runtime "-DoutputDirectory=$WORK/jars" >"$WORK/out.txt" 2>&1 || {
  echo "Kafka $VERSION could not be fetched" >&2
  tail -n 5 "$WORK/out.txt" >&2
  exit 3
}
# Two at once fetch the same: whoever is first has moved it there.
[ -d "$JARS" ] || mv "$WORK/jars" "$JARS"
echo "$JARS"
