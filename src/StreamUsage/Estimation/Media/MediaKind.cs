namespace StreamUsage.Estimation.Media;

/// <summary>Specifies the kind of an attachment, for counting.</summary>
internal enum MediaKind
{
    Unknown,
    Image,
    Audio,
    Video,
    Document,
    Text,
}
