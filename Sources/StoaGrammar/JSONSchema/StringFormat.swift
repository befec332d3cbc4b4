/// The values of `format` that shape a string, as regular expressions of their usual forms.
///
/// Sources: RFC 3339, RFC 4122, RFC 5321 and RFC 3986, each in a part that every validator takes.
enum StringFormat {
  static func pattern(_ name: String) -> String? { patterns[name] }

  static let names = patterns.keys.sorted()

  private static let date: String = {
    let leap = "(?:0[48]|[2468][048]|[13579][26])"
    let leapYear = "(?:[0-9]{2}\(leap)|\(leap)00)"
    let year = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
    let days =
      "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
      + "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    return "(?:\(year)-\(days)|\(leapYear)-02-29)"
  }()

  private static let time =
    "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
  private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
  private static let label = "[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?"
  private static let path = "(?:/[A-Za-z0-9._~-]{1,40}){0,8}(?:\\?[a-z0-9=&_-]{1,40})?"

  private static let patterns = [
    "date": date,
    "time": time,
    "date-time": "\(date)T\(time)",
    "duration": "P(?:[0-9]{1,4}D(?:T[0-9]{1,2}H)?|T[0-9]{1,2}H(?:[0-9]{1,2}M)?|T[0-9]{1,2}M|[0-9]{1,3}W)",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "email": "[a-z0-9](?:[a-z0-9_+-]|\\.[a-z0-9]){0,30}@\(label)(?:\\.\(label)){0,3}\\.[a-z]{2,10}",
    "hostname": "\(label)(?:\\.\(label)){0,5}",
    "ipv4": "\(octet)(?:\\.\(octet)){3}",
    "ipv6": "(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|::(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4}",
    "uri": "https?://\(label)(?:\\.\(label)){1,4}\(path)",
    "uri-reference": "(?:https?://\(label)(?:\\.\(label)){1,4})?\(path)",
    "json-pointer": "(?:/(?:[A-Za-z0-9_.-]|~[01]){1,40}){0,8}",
  ]
}
