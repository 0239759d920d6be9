import Testing

@testable import System

struct EntropyTests {
  @Test("numbers do not repeat within or across batches")
  func fresh() {
    var entropy = Entropy()
    let numbers = (0..<100).map { _ in entropy.next() }
    #expect(Set(numbers).count == 100)
  }

  @Test("a copied source does not repeat numbers that were taken")
  func used() {
    var entropy = Entropy()
    let taken = (0..<10).map { _ in entropy.next() }
    var copy = entropy
    #expect(Set(taken).isDisjoint(with: (0..<10).map { _ in copy.next() }))
  }
}
