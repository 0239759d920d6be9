import Bytes
import TestSupport
import Testing

struct UUIDTextTests {
  @Test("a random UUID has the form, version 4 and the RFC's variant", arguments: UInt64(0)..<64)
  func random(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let text = UUIDText.random(using: &generator)
    #expect(UUIDText.normalized(text) == text)
    let digits = Array(text)
    #expect(digits[14] == "4")
    #expect(["8", "9", "a", "b"].contains(digits[19]))
  }

  @Test("all other bits come from the generator")
  func bits() {
    var zeros = Constant(value: 0)
    var ones = Constant(value: .max)
    #expect(UUIDText.random(using: &zeros) == "00000000-0000-4000-8000-000000000000")
    #expect(UUIDText.random(using: &ones) == "ffffffff-ffff-4fff-bfff-ffffffffffff")
    var counting = Constant(value: 0x0123_4567_89AB_CDEF)
    #expect(UUIDText.random(using: &counting) == "01234567-89ab-4def-8123-456789abcdef")
  }

  @Test("a UUID is normalised to lower case")
  func lowerCase() {
    let expected = "0aacf0de-3a4e-4bfa-9d6c-3f4f1a2b3c4d"
    #expect(UUIDText.normalized("0AACF0DE-3a4e-4BFA-9D6C-3F4F1A2B3C4D") == expected)
  }

  @Test(
    "other text is not a UUID",
    arguments: [
      "", "0aacf0de3a4e4bfa9d6c3f4f1a2b3c4d", "0aacf0de-3a4e-4bfa-9d6c-3f4f1a2b3c4",
      "0aacf0de-3a4e-4bfa-9d6c-3f4f1a2b3c4d0",
      "0aacf0de-3a4e-4bfa-9d6c-3f4f1a2b3c4g", "0aacf0de_3a4e-4bfa-9d6c-3f4f1a2b3c4d",
      "0aacf0d-e3a4e-4bfa-9d6c-3f4f1a2b3c4d",
      "../../../../../../../../etc/passwd//", "{aacf0de-3a4e-4bfa-9d6c-3f4f1a2b3c4}",
      "0aacf0de-3a4e-4bfa-9d6c-3f4f1a2b3cé",
    ])
  func refused(text: String) {
    #expect(UUIDText.normalized(text) == nil)
  }

  private struct Constant: RandomNumberGenerator {
    let value: UInt64
    mutating func next() -> UInt64 { value }
  }
}
