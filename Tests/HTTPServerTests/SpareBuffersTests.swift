import HTTP
import HTTPServerTestSupport
import Testing

@testable import HTTPServer

struct SpareBuffersTests {
  @Test("storage of an output that was sent whole goes to the next one")
  func lending() {
    var spares = SpareBuffers()
    var first = HTTPOutput()
    first.append([1, 2, 3])
    first.consume(3)
    spares.takeBack(from: &first)
    #expect(!first.hasStorage)
    var second = HTTPOutput()
    spares.lend(to: &second)
    #expect(second.hasStorage)
    #expect(second.isEmpty)
  }

  @Test("storage with something in it stays where it is")
  func unsent() {
    var spares = SpareBuffers()
    var output = HTTPOutput()
    output.append([1, 2, 3])
    output.consume(2)
    spares.takeBack(from: &output)
    #expect(output.count == 1)
    var other = HTTPOutput()
    spares.lend(to: &other)
    #expect(!other.hasStorage)
  }

  @Test("no more are kept than the limit says", arguments: [-1, 0, 1])
  func bound(over: Int) {
    var spares = SpareBuffers()
    let count = SpareBuffers.maximumCount + over
    for _ in 0..<count {
      var output = HTTPOutput()
      output.append([1])
      output.consume(1)
      spares.takeBack(from: &output)
    }
    let lent = (0..<count).count { _ in
      var output = HTTPOutput()
      spares.lend(to: &output)
      return output.hasStorage
    }
    #expect(lent == min(count, SpareBuffers.maximumCount))
  }

  @Test(
    "a buffer that a burst has made too large is not kept",
    arguments: [(HTTPOutput.retainedCapacity * 3 / 4, true), (HTTPOutput.retainedCapacity + 1, false)])
  func largest(size: Int, isKept: Bool) {
    var spares = SpareBuffers()
    var output = HTTPOutput()
    output.append([UInt8](repeating: 0, count: size))
    output.consume(size)
    spares.takeBack(from: &output)
    var next = HTTPOutput()
    spares.lend(to: &next)
    #expect(next.hasStorage == isKept)
  }
}
