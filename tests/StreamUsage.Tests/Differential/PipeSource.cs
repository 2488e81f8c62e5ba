namespace StreamUsage.Tests.Differential;

/// <summary>What kind of pipe reader a body comes in.</summary>
public enum PipeSource
{
    Pipe,
    Sequence,
    Memory,
    Socket,
    Http1,
    Http2,
}
