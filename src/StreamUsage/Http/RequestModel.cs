using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamUsage.Buffers;
using StreamUsage.Estimation.Requests;

namespace StreamUsage.Http;

/// <summary>Finds the model that a request asks for.</summary>
internal static class RequestModel
{
    // No model name is as long, and a hostile one must not be kept whole.
    private const int MaxLength = 1024;

    private static readonly SearchValues<char> Delimiters = SearchValues.Create("?#&\\\"<>");

    public static bool IsForm(ReadOnlySpan<byte> body) => body.StartsWith("--"u8);

    /// <summary>Returns the <c>model</c> of a JSON object or a form, cut if very long; null if there is none.</summary>
    public static string? InBody(ReadOnlySpan<byte> body)
    {
        try
        {
            return (IsForm(body) ? InForm(body) : RequestHead.FindModel(body)) is { } model ? CappedText.Of(model, MaxLength) : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null; // Not JSON, or malformed.
        }
    }

    /// <summary>Returns the model in a path (".../models/NAME:generateContent", ".../model/NAME/converse",
    /// ".../deployments/NAME/chat/completions"); null if there is none. An escape such as <c>%0a</c> or <c>%3Fkey=</c>
    /// ends the name.</summary>
    public static string? InPath(string? path)
    {
        string[] parts = path?.Split('/') ?? [];
        int index = Array.FindLastIndex(parts, static part => part is "models" or "model" or "deployments") + 1;
        if (index == 0 || index == parts.Length)
        {
            return null;
        }

        string name = Uri.UnescapeDataString(parts[index].Split(':')[0]);
        int length = 0;
        while (length < name.Length && !Delimiters.Contains(name[length]) && IsVisible(name[length]))
        {
            length++;
        }

        return length == 0 ? null : CappedText.Of(name[..length], MaxLength);
    }

    // Content-Disposition: form-data; name="model", a blank line, the value. Some clients omit the quotation marks.
    private static string? InForm(ReadOnlySpan<byte> form)
    {
        foreach (string name in (string[])["name=\"model\"", "name=model"])
        {
            int at = form.IndexOf(Encoding.ASCII.GetBytes(name));
            ReadOnlySpan<byte> part = at < 0 ? default : form[(at + name.Length)..];
            int start = part.IndexOf("\r\n\r\n"u8);
            int length = start < 0 ? -1 : part[(start + 4)..].IndexOf("\r\n"u8);
            if (length > 0)
            {
                return Encoding.UTF8.GetString(part.Slice(start + 4, Math.Min(length, 4 * MaxLength)));
            }
        }

        return null;
    }

    private static bool IsVisible(char character) =>
        !char.IsWhiteSpace(character) && char.GetUnicodeCategory(character) is not (UnicodeCategory.Control or UnicodeCategory.Format);
}
