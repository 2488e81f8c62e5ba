namespace StreamUsage.Export;

/// <summary>Specifies the attributes of events that <see cref="CloudEventWriter"/> writes.</summary>
public sealed record CloudEventOptions
{
    /// <summary>
    /// Gets where the events come from, a URI reference: with the id it is the key under which receivers drop
    /// duplicates.
    /// </summary>
    public string Source { get; init; } = "urn:streamusage";

    /// <summary>Gets the type of the events, which a meter counts by.</summary>
    public string Type { get; init; } = "streamusage.response";

    /// <summary>
    /// Gets what names the customer of a response; null, the default, for its user, else its API key. An event of
    /// neither has no subject.
    /// </summary>
    public Func<UsageRecord, string?>? Subject { get; init; }
}
