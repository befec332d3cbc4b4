import StoaHub

/// The folder of the history, made when a chat starts.
enum ModelHome {
  /// The home of the library, made if need be; nil where nothing can be written: a chat works without.
  static func prepared() -> StoaHome? {
    let home = StoaHome.standard()
    return (try? home.create(home.path)) == nil ? nil : home
  }
}
