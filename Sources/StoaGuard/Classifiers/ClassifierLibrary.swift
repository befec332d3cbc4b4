import Foundation

/// Gives rails the classifiers that they name, each read once.
public struct ClassifierLibrary: Sendable {
  private let load: @Sendable (ClassifierKind) -> Result<TextClassifier, TextClassifierError>

  /// A library that asks for a classifier each time it is needed.
  public init(_ load: @escaping @Sendable (ClassifierKind) -> Result<TextClassifier, TextClassifierError>) {
    self.load = load
  }

  /// The classifiers that were installed with the program, or those in `$STOA_GUARD_MODELS`.
  public static let installed = ClassifierLibrary { kind in
    switch kind {
    case .toxicity: Installed.toxicity
    case .jailbreak: Installed.jailbreak
    case .injection: Installed.injection
    }
  }

  /// The classifier; throws when its file is missing or broken.
  public func classifier(_ kind: ClassifierKind) throws(TextClassifierError) -> TextClassifier {
    try load(kind).get()
  }
}

/// Read when first needed, and never again.
private enum Installed {
  static let toxicity = read(.toxicity)
  static let jailbreak = read(.jailbreak)
  static let injection = read(.injection)

  private static func read(_ kind: ClassifierKind) -> Result<TextClassifier, TextClassifierError> {
    let places = kind.find(
      environment: ProcessInfo.processInfo.environment,
      executable: Bundle.main.executableURL?.resolvingSymlinksInPath().path)
    do throws(TextClassifierError) { return .success(try kind.load(from: places)) } catch { return .failure(error) }
  }
}
