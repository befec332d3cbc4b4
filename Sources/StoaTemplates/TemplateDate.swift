/// A civil date and time, which the caller gives to templates; rendering never reads a clock.
public struct TemplateDate: Sendable, Equatable {
  /// The year of the Gregorian calendar.
  public let year: Int
  /// The month, 1 to 12.
  public let month: Int
  /// The day of the month, 1 to 31.
  public let day: Int
  /// The hour, 0 to 23.
  public let hour: Int
  /// The minute, 0 to 59.
  public let minute: Int
  /// The second, 0 to 60.
  public let second: Int

  /// Makes a date with a time of day; a number out of range becomes the nearest one in range.
  public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    self.year = min(max(year, 0), 9999)
    self.month = min(max(month, 1), 12)
    self.day = min(max(day, 1), 31)
    self.hour = min(max(hour, 0), 23)
    self.minute = min(max(minute, 0), 59)
    self.second = min(max(second, 0), 60)
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  /// The day of the week, 0 for Sunday (Sakamoto's method).
  private var weekday: Int {
    let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    let year = month < 3 ? self.year - 1 : self.year
    let sum = year + year / 4 - year / 100 + year / 400 + shift[month - 1] + day
    return ((sum % 7) + 7) % 7
  }

  private var dayOfYear: Int {
    let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]
    return before + day + (isLeap && month > 2 ? 1 : 0)
  }

  /// Formats with the directives of C's `strftime` in the C locale, as Python does.
  func formatted(_ format: String) -> String {
    func two(_ value: Int) -> String { (value < 10 ? "0" : "") + String(value) }
    var result = ""
    var rest = Substring(format).unicodeScalars
    while let scalar = rest.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      guard var directive = rest.popFirst() else { return result + "%" }
      var isUnpadded = false
      if directive == "-", let next = rest.popFirst() {
        isUnpadded = true
        directive = next
      }
      func number(_ value: Int) -> String { isUnpadded ? String(value) : two(value) }
      let twelve = hour % 12 == 0 ? 12 : hour % 12
      let month = Self.months[self.month - 1]
      let weekdayName = Self.weekdays[weekday]
      switch directive {
      case "Y": result += String(year)
      case "y": result += number(year % 100)
      case "C": result += number(year / 100)
      case "m": result += number(self.month)
      case "d": result += number(day)
      case "e": result += isUnpadded || day > 9 ? String(day) : " " + String(day)
      case "H": result += number(hour)
      case "I": result += number(twelve)
      case "M": result += number(minute)
      case "S": result += number(second)
      case "f": result += "000000"
      case "p": result += hour < 12 ? "AM" : "PM"
      case "B": result += month
      case "b", "h": result += month.prefix(3)
      case "A": result += weekdayName
      case "a": result += weekdayName.prefix(3)
      case "w": result += String(weekday)
      case "u": result += String(weekday == 0 ? 7 : weekday)
      case "j": result += isUnpadded ? String(dayOfYear) : String(String(1000 + dayOfYear).dropFirst())
      case "U": result += number((dayOfYear + 6 - weekday) / 7)
      case "W": result += number((dayOfYear + 6 - (weekday + 6) % 7) / 7)
      case "F": result += formatted("%Y-%m-%d")
      case "T", "X": result += formatted("%H:%M:%S")
      case "r": result += formatted("%I:%M:%S %p")
      case "k": result += hour > 9 ? String(hour) : " " + String(hour)
      case "l": result += twelve > 9 ? String(twelve) : " " + String(twelve)
      case "P": result += hour < 12 ? "am" : "pm"
      case "R": result += formatted("%H:%M")
      case "D", "x": result += formatted("%m/%d/%y")
      case "c": result += formatted("%a %b %e %H:%M:%S %Y")
      case "n": result += "\n"
      case "t": result += "\t"
      case "Z", "z": break
      case "%": result += "%"
      default:
        result += "%" + (isUnpadded ? "-" : "")
        result.unicodeScalars.append(directive)
      }
    }
    return result
  }
}
