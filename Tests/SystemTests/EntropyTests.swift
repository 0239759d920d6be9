import Testing

@testable import System

struct EntropyTests {
  @Test("numbers do not repeat, within a batch and beyond it")
  func fresh() {
    var entropy = Entropy()
    let numbers = (0..<100).map { _ in entropy.next() }
    #expect(Set(numbers).count == 100)
  }

  @Test("a copy of the source does not give the numbers that were taken from it before")
  func used() {
    var entropy = Entropy()
    let taken = (0..<10).map { _ in entropy.next() }
    var copy = entropy
    #expect(Set(taken).isDisjoint(with: (0..<10).map { _ in copy.next() }))
  }
}
