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

    /// <summary>Returns whether a body is a multipart form, which begins with a delimiter.</summary>
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
    /// ends the name. A name may contain a colon (<c>llama3:8b</c>).</summary>
    public static string? InPath(string? path)
    {
        string[] parts = path?.Split('/') ?? [];
        int index = Array.FindLastIndex(parts, static part => part is "models" or "model" or "deployments") + 1;
        if (index == 0 || index == parts.Length)
        {
            return null;
        }

        string part = parts[index];
        int verb = index == parts.Length - 1 ? part.LastIndexOf(':') : -1; // Only the last part has a verb after the name.
        string name = Uri.UnescapeDataString(verb < 0 ? part : part[..verb]);
        int length = 0;
        while (length < name.Length && !Delimiters.Contains(name[length]) && IsVisible(name[length]))
        {
            length++;
        }

        return length == 0 ? null : CappedText.Of(name[..length], MaxLength);
    }

    private static string? InForm(ReadOnlySpan<byte> form)
    {
        if (!MultipartBody.TryRead(form, out MultipartBody parts))
        {
            return null;
        }

        while (parts.Next())
        {
            if (!parts.IsFile && parts.Name.SequenceEqual("model"u8))
            {
                // A value that reaches the end of the kept bytes may be cut.
                bool isCut = !form.Overlaps(parts.Value, out int start) || start + parts.Value.Length == form.Length;
                return isCut ? null : Encoding.UTF8.GetString(parts.Value[..Math.Min(parts.Value.Length, 4 * MaxLength)]);
            }
        }

        return null;
    }

    private static bool IsVisible(char character) =>
        !char.IsWhiteSpace(character) && char.GetUnicodeCategory(character) is not (UnicodeCategory.Control or UnicodeCategory.Format);
}
