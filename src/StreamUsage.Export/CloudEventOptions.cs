namespace StreamUsage.Export;

/// <summary>Specifies the attributes of events that <see cref="CloudEventWriter"/> writes.</summary>
public sealed record CloudEventOptions
{
    /// <summary>Gets the URI reference of the events' source. Receivers recognise duplicates by source and
    /// id.</summary>
    public string Source { get; init; } = "urn:streamusage";

    /// <summary>Gets the type of the events, which a meter counts by.</summary>
    public string Type { get; init; } = "streamusage.response";

    /// <summary>Gets the function that names a response's customer; null (the default) means its user, else its API
    /// key. An event with neither has no subject.</summary>
    public Func<UsageRecord, string?>? Subject { get; init; }
}
