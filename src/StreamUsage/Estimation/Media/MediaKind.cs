namespace StreamUsage.Estimation.Media;

/// <summary>What an attachment is, as far as it decides how its tokens are counted.</summary>
internal enum MediaKind
{
    Unknown,
    Image,
    Audio,
    Video,
    Document,
    Text,
}
