using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Media;

/// <summary>Represents an image, a document or a recording of any protocol. Its members are readers at the data, or
/// default.</summary>
internal ref struct Attachment
{
    public Utf8JsonReader Data, MediaType, Format, Name, Context, Content;

    /// <summary>Whether the data is text.</summary>
    public bool IsText;

    public bool IsLowDetail;

    /// <summary>Reads the object at the reader's position, and moves to its end. The members of <c>source</c> and
    /// <c>s3Location</c> count as its own.</summary>
    public static Attachment Read(ref Utf8JsonReader reader)
    {
        var attachment = default(Attachment);
        attachment.ReadMembers(ref reader);
        return attachment;
    }

    private void ReadMembers(ref Utf8JsonReader reader)
    {
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("content"u8))
            {
                Content = reader;
                reader.Skip();
            }
            else if (reader.TokenType == JsonTokenType.String)
            {
                ReadString(in reader, name);
            }
            else if (reader.TokenType == JsonTokenType.StartObject
                && (name.SequenceEqual("source"u8) || name.SequenceEqual("s3Location"u8)))
            {
                ReadMembers(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadString(in Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        switch (name)
        {
            case var _ when name.SequenceEqual("data"u8) || name.SequenceEqual("url"u8) || name.SequenceEqual("file_data"u8)
                || name.SequenceEqual("fileUri"u8) || name.SequenceEqual("file_uri"u8)
                || name.SequenceEqual("file_id"u8) || name.SequenceEqual("file_url"u8) || name.SequenceEqual("bytes"u8)
                    || name.SequenceEqual("uri"u8):
                Data = reader;
                break;
            case var _ when name.SequenceEqual("text"u8):
                Data = reader;
                IsText = true;
                break;
            case var _ when name.SequenceEqual("media_type"u8) || name.SequenceEqual("mimeType"u8) || name.SequenceEqual("mime_type"u8):
                MediaType = reader;
                break;
            case var _ when name.SequenceEqual("format"u8):
                Format = reader;
                break;
            case var _ when name.SequenceEqual("name"u8):
                Name = reader;
                break;
            case var _ when name.SequenceEqual("context"u8):
                Context = reader;
                break;
            case var _ when name.SequenceEqual("type"u8):
                IsText |= reader.ValueTextEquals("text"u8);
                break;
            case var _ when name.SequenceEqual("detail"u8):
                IsLowDetail = reader.ValueTextEquals("low"u8);
                break;
        }
    }
}
