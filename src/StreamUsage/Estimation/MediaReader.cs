using System.Text.Json;
using StreamUsage.Parsing;

namespace StreamUsage.Estimation;

/// <summary>What images and documents in a request cost, from their size: their data is neither decoded nor counted as text.</summary>
internal static class MediaReader
{
    // No provider publishes tokens a byte of a document. A page of text is taken to be 50 KB of PDF and 2,000 tokens: Anthropic says 1,500 to 3,000 a page.
    private const int DocumentBytesAPage = 50 * 1024;
    private const int DocumentTokensAPage = 2000;

    // Base64: four characters for three bytes.
    private const double BytesACharacter = 0.75;

    public static bool IsMedia(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("source"u8) || name.SequenceEqual("image_url"u8) || name.SequenceEqual("file"u8) || name.SequenceEqual("file_data"u8) || name.SequenceEqual("file_url"u8)
        || name.SequenceEqual("inlineData"u8) || name.SequenceEqual("inline_data"u8) || name.SequenceEqual("fileData"u8) || name.SequenceEqual("file_id"u8);

    /// <summary>Reads the value of such a member; text in it (a plain text document) goes to the meter.</summary>
    /// <returns>Its tokens beside those.</returns>
    public static double Read(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, ImageRule image, TextMeter meter)
    {
        bool isImage = name.SequenceEqual("image_url"u8);
        if (reader.TokenType == JsonTokenType.String)
        {
            return Tokens(reader.ValueSpan, default, isImage, isLowDetail: false, image);
        }

        if (!reader.EnterObject())
        {
            return 0;
        }

        Utf8JsonReader data = default, type = default;
        bool isText = false, isLowDetail = false;
        double tokens = 0;
        while (reader.NextProperty(out ReadOnlySpan<byte> member))
        {
            if (reader.TokenType != JsonTokenType.String)
            {
                // {type: content, content: [blocks]}
                if (member.SequenceEqual("content"u8))
                {
                    tokens += ReadContent(ref reader, image, meter);
                }
                else
                {
                    reader.Skip();
                }
            }
            else if (member.SequenceEqual("data"u8) || member.SequenceEqual("url"u8) || member.SequenceEqual("file_data"u8) || member.SequenceEqual("fileUri"u8) || member.SequenceEqual("file_id"u8)
                || member.SequenceEqual("file_url"u8))
            {
                data = reader;
            }
            else if (member.SequenceEqual("media_type"u8) || member.SequenceEqual("mimeType"u8) || member.SequenceEqual("mime_type"u8))
            {
                type = reader;
            }
            else if (member.SequenceEqual("type"u8))
            {
                isText = reader.ValueTextEquals("text"u8);
            }
            else if (member.SequenceEqual("detail"u8))
            {
                isLowDetail = reader.ValueTextEquals("low"u8);
            }
        }

        if (data.TokenType != JsonTokenType.String)
        {
            return tokens;
        }

        if (isText)
        {
            meter.Add(data.ValueSpan, data.ValueIsEscaped);
            meter.End();
            return tokens;
        }

        ReadOnlySpan<byte> mediaType = type.TokenType == JsonTokenType.String ? type.ValueSpan : default;
        return tokens + Tokens(data.ValueSpan, mediaType, isImage, isLowDetail, image);
    }

    private static double ReadContent(ref Utf8JsonReader reader, ImageRule image, TextMeter meter)
    {
        var facts = new RequestFacts();
        new ContentReader(facts, new ModelFamily { Image = image }, meter).Read(ref reader);
        return facts.Media;
    }

    // A data URL says its own type; else the type beside the data does, or its first bytes.
    private static double Tokens(ReadOnlySpan<byte> data, ReadOnlySpan<byte> mediaType, bool isImage, bool isLowDetail, ImageRule rule)
    {
        if (data.StartsWith("data:"u8))
        {
            int comma = data.IndexOf((byte)',');
            mediaType = data[5..Math.Max(5, comma)];
            data = data[(comma + 1)..];
        }
        else if (data.StartsWith("http"u8) || data.StartsWith("gs:"u8) || data.StartsWith("file-"u8))
        {
            return isImage || mediaType.StartsWith("image/"u8) || mediaType.IsEmpty ? rule.Unknown : DocumentTokensAPage;
        }

        if (ImageSize.TryRead(data, out int width, out int height))
        {
            return ImageTokens.Count(rule, isLowDetail ? 0 : width, isLowDetail ? 0 : height);
        }

        if (isImage || mediaType.StartsWith("image/"u8))
        {
            return rule.Unknown;
        }

        double bytes = data.Length * BytesACharacter;
        return mediaType.StartsWith("text/"u8)
            ? CharacterTokenEstimator.Tokens((long)bytes)
            : Math.Ceiling(bytes / DocumentBytesAPage) * DocumentTokensAPage;
    }
}
