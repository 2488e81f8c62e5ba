using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Requests;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Media;

/// <summary>Counts images, documents and recordings of a request by their size, without decoding them.</summary>
internal sealed class MediaReader(RequestFacts facts, ModelFamily family, TextMeter meter, ContentReader content)
{
    // No provider publishes tokens by a document's bytes. The estimate is 50 KB of PDF and 2,000 tokens for each page;
    // Anthropic publishes 1,500 to 3,000 tokens for each page.
    private const int DocumentBytesPerPage = 50 * 1024;
    private const int DocumentTokensPerPage = 2000;

    // Base64 has four characters for three bytes.
    private const double BytesPerCharacter = 0.75;

    /// <summary>Reads the value of a member that may hold media. Returns false, without reading, for other
    /// members.</summary>
    public bool TryRead(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        if (!TryGetKind(name, reader.TokenType, out MediaKind kind))
        {
            return false;
        }

        if (reader.TokenType == JsonTokenType.String)
        {
            if (name.SequenceEqual("source"u8))
            {
                AddText(reader); // The source of a search result.
            }
            else
            {
                Add(reader.ValueSpan, default, kind, isPcm: false, isLowDetail: false);
            }
        }
        else if (kind == MediaKind.Document && IsText(reader))
        {
            CompactJson.Write(ref reader, meter);
            meter.End();
        }
        else if (reader.EnterObject())
        {
            Add(Attachment.Read(ref reader), kind);
        }

        return true;
    }

    /// <summary>Counts an uploaded file.</summary>
    /// <param name="file">The bytes.</param>
    /// <param name="mediaType">The content type; empty if none.</param>
    /// <param name="kind">The kind if the content type does not specify one.</param>
    public void AddFile(ReadOnlySpan<byte> file, ReadOnlySpan<byte> mediaType, MediaKind kind)
    {
        byte[] base64 = ArrayPool<byte>.Shared.Rent(Base64.GetMaxEncodedToUtf8Length(file.Length));
        Base64.EncodeToUtf8(file, base64, out _, out int written);
        ReadOnlySpan<byte> knownType = mediaType.StartsWith("application/"u8) ? default : mediaType;
        Add(base64.AsSpan(0, written), knownType, kind, isPcm: false, isLowDetail: false);
        ArrayPool<byte>.Shared.Return(base64);
    }

    private static bool TryGetKind(ReadOnlySpan<byte> name, JsonTokenType value, out MediaKind kind)
    {
        bool isUnknown = name.SequenceEqual("source"u8) || name.SequenceEqual("file"u8) || name.SequenceEqual("file_data"u8)
            || name.SequenceEqual("file_url"u8) || name.SequenceEqual("inlineData"u8)
            || name.SequenceEqual("inline_data"u8) || name.SequenceEqual("fileData"u8) || name.SequenceEqual("file_id"u8);
        bool isObject = value == JsonTokenType.StartObject;
        kind = isUnknown ? MediaKind.Unknown
            : name.SequenceEqual("image_url"u8) || (isObject && name.SequenceEqual("image"u8)) ? MediaKind.Image
            : name.SequenceEqual("input_audio"u8) || name.SequenceEqual("audio_url"u8) || (isObject && name.SequenceEqual("audio"u8))
                ? MediaKind.Audio
            : name.SequenceEqual("video_url"u8) || (isObject && name.SequenceEqual("video"u8)) ? MediaKind.Video
            : isObject && name.SequenceEqual("document"u8) ? MediaKind.Document
            : MediaKind.Unknown;
        return isUnknown || kind != MediaKind.Unknown;
    }

    private void Add(scoped in Attachment attachment, MediaKind kind)
    {
        AddText(attachment.Name);
        AddText(attachment.Context);
        Utf8JsonReader blocks = attachment.Content;
        if (blocks.TokenType != JsonTokenType.None)
        {
            content.Read(ref blocks);
        }

        if (attachment.IsText)
        {
            AddText(attachment.Data);
        }
        else if (attachment.Data.TokenType == JsonTokenType.String)
        {
            ReadOnlySpan<byte> mediaType = attachment.MediaType.TokenType == JsonTokenType.String
                ? attachment.MediaType.ValueSpan : default;
            ReadOnlySpan<byte> format = attachment.Format.TokenType == JsonTokenType.String ? attachment.Format.ValueSpan : default;
            bool isPcm = format.StartsWith("pcm"u8) || mediaType.StartsWith("audio/pcm"u8) || mediaType.StartsWith("audio/L16"u8);
            Add(attachment.Data.ValueSpan, mediaType, IsTextFormat(format) ? MediaKind.Text : kind, isPcm, attachment.IsLowDetail);
        }
    }

    // The type comes from the data URL, else from a member beside the data, else from the name of the data's member,
    // else from the first bytes.
    private void Add(ReadOnlySpan<byte> data, ReadOnlySpan<byte> mediaType, MediaKind kind, bool isPcm, bool isLowDetail)
    {
        if (data.StartsWith("data:"u8))
        {
            int comma = data.IndexOf((byte)',');
            mediaType = data[5..Math.Max(5, comma)];
            data = data[(comma + 1)..];
        }

        kind = KindOf(mediaType, kind);
        facts.Media += IsElsewhere(data) ? CountUnseen(kind) : Count(data, kind, isPcm, isLowDetail);
    }

    private double Count(ReadOnlySpan<byte> data, MediaKind kind, bool isPcm, bool isLowDetail)
    {
        switch (kind)
        {
            case MediaKind.Audio:
                return RecordingLength.AudioSeconds(data, isPcm) * family.AudioPerSecond;
            case MediaKind.Video:
                return RecordingLength.VideoSeconds(data) * family.VideoPerSecond;
            case MediaKind.Text:
                return CharacterTokenEstimator.Tokens((long)(data.Length * BytesPerCharacter));
        }

        if (ImageSize.TryRead(data, out int width, out int height))
        {
            return ImageTokens.Count(family.Image, isLowDetail ? 0 : width, isLowDetail ? 0 : height);
        }

        return kind == MediaKind.Image
            ? family.Image.Unknown : Math.Ceiling(data.Length * BytesPerCharacter / DocumentBytesPerPage) * DocumentTokensPerPage;
    }

    private double CountUnseen(MediaKind kind) => kind switch
    {
        MediaKind.Image or MediaKind.Unknown => family.Image.Unknown,
        MediaKind.Audio => RecordingLength.Unknown * family.AudioPerSecond,
        MediaKind.Video => RecordingLength.Unknown * family.VideoPerSecond,
        _ => DocumentTokensPerPage,
    };

    // Whether the data is a reference to a file outside the request.
    private static bool IsElsewhere(ReadOnlySpan<byte> data) =>
        data.StartsWith("http"u8) || data.StartsWith("gs:"u8) || data.StartsWith("s3:"u8) || data.StartsWith("file-"u8);

    private static MediaKind KindOf(ReadOnlySpan<byte> mediaType, MediaKind kind) =>
        mediaType.IsEmpty ? kind
        : mediaType.StartsWith("image/"u8) ? MediaKind.Image
        : mediaType.StartsWith("audio/"u8) ? MediaKind.Audio
        : mediaType.StartsWith("video/"u8) ? MediaKind.Video
        : mediaType.StartsWith("text/"u8) ? MediaKind.Text
        : kind == MediaKind.Unknown ? MediaKind.Document : kind;

    // The names that Converse has for text documents.
    private static bool IsTextFormat(ReadOnlySpan<byte> format) =>
        format.SequenceEqual("txt"u8) || format.SequenceEqual("md"u8) || format.SequenceEqual("csv"u8) || format.SequenceEqual("html"u8);

    // A document of Cohere: {id, data}, where data is text, or an object that becomes text.
    private static bool IsText(Utf8JsonReader document)
    {
        bool hasData = false;
        document.EnterObject();
        while (document.NextProperty(out ReadOnlySpan<byte> name))
        {
            hasData |= name.SequenceEqual("data"u8);
            if (name.SequenceEqual("source"u8) || name.SequenceEqual("format"u8))
            {
                return false;
            }

            document.Skip();
        }

        return hasData;
    }

    private void AddText(Utf8JsonReader text)
    {
        if (text.TokenType == JsonTokenType.String)
        {
            meter.Add(text.ValueSpan, text.ValueIsEscaped);
            meter.End();
        }
    }
}
