#!/usr/bin/env bash
# Runs the tests under the thread and under the address sanitizer. Not the IntegrationTests: they start the server as a
# process of its own, from a build that is not instrumented, so they would only be slower.
set -euo pipefail
# TSAN exchanges Mutex, whose futex the thread sanitizer does not see, for a lock of pthread. XCTest's runner leaks 368
# bytes of its own, and has no tests here.
export SWIFT_BACKTRACE=enable=no
# Under a sanitizer everything takes several times as long.
export TEST_MINUTES=15
swift test --sanitize thread --scratch-path .build/thread -Xswiftc -DTSAN --disable-xctest --skip IntegrationTests
swift test --sanitize address --scratch-path .build/address --disable-xctest --skip IntegrationTests
