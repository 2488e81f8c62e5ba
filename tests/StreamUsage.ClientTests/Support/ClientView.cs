using System.Text;

namespace StreamUsage.ClientTests.Support;

/// <summary>What a client gave its caller: all of it as text, and the usage that it reports.</summary>
public sealed class ClientView
{
    private readonly StringBuilder _seen = new();

    public string Seen => _seen.ToString();

    /// <summary>All input tokens, cached ones included; null where the client reports none.</summary>
    public long? Input { get; set; }

    /// <summary>Cached input; null where the client has no member for it.</summary>
    public long? Cached { get; set; }

    public long? Output { get; set; }

    /// <summary>Reasoning; null where the client has no member for it.</summary>
    public long? Reasoning { get; set; }

    public void Add(string? part) => _seen.Append(part).Append('\n');

    public void Add(BinaryData part) => Add(part.ToString());
}
