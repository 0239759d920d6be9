import Glibc

/// The bytes of a file that a test cannot do without.
public func fileContents(_ path: String) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  precondition(descriptor >= 0, "there is no \(path)")
  defer { close(descriptor) }
  return readAvailable(descriptor)
}

/// What can be read now.
public func readAvailable(_ descriptor: Int32) -> [UInt8] {
  var bytes: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 64 * 1024)
  while true {
    let count = unsafe read(descriptor, &part, part.count)
    guard count > 0 else { return bytes }
    bytes += part[..<count]
  }
}
