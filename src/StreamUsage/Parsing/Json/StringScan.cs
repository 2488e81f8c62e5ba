namespace StreamUsage.Parsing.Json;

/// <summary>What a scan of a JSON string found.</summary>
/// <param name="Length">Bytes up to the closing quote; all bytes where it is not among them; negative where they are
/// not the inside of a JSON string.</param>
/// <param name="Utf16Length">UTF-16 units of the string, an escape counted as what it stands for.</param>
/// <param name="IsEscaped">Whether there are escapes in it.</param>
internal readonly record struct StringScan(int Length, int Utf16Length, bool IsEscaped);
