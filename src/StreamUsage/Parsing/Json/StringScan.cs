namespace StreamUsage.Parsing.Json;

/// <summary>Represents the result of scanning a JSON string.</summary>
/// <param name="Length">The bytes up to the closing quote, or all bytes without one; negative if invalid.</param>
/// <param name="Utf16Length">The UTF-16 units of the decoded string.</param>
/// <param name="IsEscaped">Whether the string has escapes.</param>
internal readonly record struct StringScan(int Length, int Utf16Length, bool IsEscaped);
