namespace StreamUsage.Tests.Differential;

/// <summary>Where a body comes from.</summary>
public enum Source
{
    Memory,
    File,
    Gzip,
    Socket,
    Pipe,
    Http1,
    Http2,
}
