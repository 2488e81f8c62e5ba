using System.Buffers;
using System.Globalization;
using System.Text.Json;
using StreamUsage.Buffers;

namespace StreamUsage.Http;

/// <summary>Finds the model that a request asks for.</summary>
internal static class RequestModel
{
    // No provider's name is as long; what a hostile client sends is not to be kept in full.
    private const int MaxLength = 1024;

    private static readonly SearchValues<char> Delimiters = SearchValues.Create("?#&\\\"<>");

    /// <summary>Returns the root object's <c>model</c>, cut where it is very long; null where there is none.</summary>
    public static string? InBody(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isModel = reader.ValueTextEquals("model"u8);
                reader.Read();
                if (isModel)
                {
                    return reader.TokenType == JsonTokenType.String ? CappedText.Of(reader.GetString()!, MaxLength) : null;
                }

                reader.Skip();
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // No JSON, or none that a model could be found in.
        }

        return null;
    }

    /// <summary>
    /// Returns the model that a path names (".../models/NAME:generateContent", ".../model/NAME/converse", ".../deployments/NAME/chat/completions"); null where it names none. Escapes that would end the segment
    /// or the line, were they read, end the name: <c>%0a</c> and <c>%3Fkey=</c> are not part of a model's name.
    /// </summary>
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

    private static bool IsVisible(char character) => !char.IsWhiteSpace(character) && char.GetUnicodeCategory(character) is not (UnicodeCategory.Control or UnicodeCategory.Format);
}
