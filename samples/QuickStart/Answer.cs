using StreamUsage;

namespace QuickStart;

/// <summary>What the provider is to answer to the request of a name.</summary>
internal sealed record Answer(string Name, ApiFormat Format, byte[] Body)
{
    public int StatusCode { get; init; } = 200;

    public string ContentType { get; init; } = "text/event-stream";

    /// <summary>Whether the connection is closed after the body although more was announced.</summary>
    public bool BreaksOff { get; init; }
}
