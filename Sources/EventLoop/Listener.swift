import CLinux
import Glibc
public import System

/// A listening socket. Gives each accepted connection's descriptor (non-blocking, close-on-exec) to its owner.
@Reactor
public final class Listener: DescriptorHandler {
  public enum AcceptOutcome: Sendable, Equatable {
    case accepted(descriptor: Int32, peer: String)
    /// No descriptors or memory are left: accepting pauses.
    case exhausted(SystemCallError)
  }

  /// The port; chosen by the kernel if 0 was requested.
  public private(set) var port = 0
  private let descriptor: Int32
  private var channel: Channel?
  private let onAccept: @Reactor (AcceptOutcome) -> Void
  nonisolated static let backlog: Int32 = 4096
  private static let unixPrefix = "unix:"
  /// How many connections are accepted before other descriptors get a turn.
  static let acceptsPerTurn = 64
  /// How long accepting pauses when the system has no descriptors left.
  private static let exhaustionPause: Duration = .milliseconds(100)

  /// - Parameters:
  ///   - host: an address or a name, whose first address is used; or `unix:` and a path.
  ///   - onAccept: gets every connection.
  public init(
    host: String, port: Int, onAccept: @escaping @Reactor (AcceptOutcome) -> Void
  ) throws(SystemCallError) {
    self.onAccept = onAccept
    descriptor = try Listener.bind(host: host, port: port)
    self.port = Listener.localPort(of: descriptor)
    channel = try Channel(adopting: descriptor, kind: .socket, handler: self)
  }

  public func close() {
    channel?.close()
    channel = nil
  }

  public func descriptorIsReady(_ readiness: Readiness) { acceptSome() }

  private func acceptSome() {
    for _ in 0..<Listener.acceptsPerTurn {
      guard channel != nil else { return }
      var address = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let accepted = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          unsafe accept4(descriptor, pointer, &length, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
        }
      }
      if accepted >= 0 {
        var enabled: Int32 = 1
        unsafe setsockopt(accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &enabled, socklen_t(MemoryLayout<Int32>.size))
        onAccept(.accepted(descriptor: accepted, peer: Listener.text(of: address)))
        continue
      }
      switch errno {
      case EAGAIN: return
      case EMFILE, ENFILE, ENOBUFS, ENOMEM:
        onAccept(.exhausted(SystemCallError("accept")))
        _ = Loop.main.schedule(after: Listener.exhaustionPause) { [weak self] in self?.acceptSome() }
        return
      default: continue  // the client gave up while it was waiting
      }
    }
    Loop.main.onNextTurn { [weak self] in self?.acceptSome() }
  }

  private static func bind(host: String, port: Int) throws(SystemCallError) -> Int32 {
    if host.hasPrefix(unixPrefix) { return try UnixSocket.bind(path: String(host.dropFirst(unixPrefix.count))) }
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, String(port), &hints, &found) == 0, let info = unsafe found else {
      throw SystemCallError("no address for \(host)", code: EADDRNOTAVAIL)
    }
    defer { unsafe freeaddrinfo(info) }
    let descriptor = unsafe socket(
      info.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemCallError("socket") }
    var enabled: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &enabled, socklen_t(MemoryLayout<Int32>.size))
    guard unsafe Glibc.bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
      listen(descriptor, backlog) == 0
    else {
      let error = SystemCallError("bind \(host):\(port)")
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func localPort(of descriptor: Int32) -> Int {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let known = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
    }
    return known == 0 ? name(of: address).port : 0
  }

  private static func text(of address: sockaddr_storage) -> String {
    guard address.ss_family != AF_UNIX else { return "unix" }
    let (host, port) = name(of: address)
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  private static func name(of address: sockaddr_storage) -> (host: String, port: Int) {
    var address = address
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    let length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe getnameinfo(
          pointer, length, &host, socklen_t(host.count), &service, socklen_t(service.count),
          NI_NUMERICHOST | NI_NUMERICSERV)
      }
    }
    guard result == 0 else { return ("unknown", 0) }
    return (text(host), Int(text(service)) ?? 0)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
