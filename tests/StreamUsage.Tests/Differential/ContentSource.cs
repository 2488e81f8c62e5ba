namespace StreamUsage.Tests.Differential;

/// <summary>What content a body comes in.</summary>
public enum ContentSource
{
    ByteArray,
    Text,
    SeekableStream,
    UnseekableStream,
    File,
    Generated,
    Buffered,
    Http1,
    Http2,
}
