namespace StreamUsage.Export;

/// <summary>Specifies the attributes of events that <see cref="CloudEventWriter"/> writes.</summary>
public sealed record CloudEventOptions
{
    /// <summary>Gets the source of the events, a URI reference that is not empty: <c>"urn:streamusage"</c> by default.
    /// Receivers recognize duplicates by source and id.</summary>
    public string Source { get; init; } = "urn:streamusage";

    /// <summary>Gets the type of the events, by which a meter selects them: <c>"streamusage.response"</c> by default.
    /// Not empty.</summary>
    public string Type { get; init; } = "streamusage.response";

    /// <summary>Gets the function that returns a response's customer, or null for none; null (the default) takes the
    /// user, else the API key. Without a customer, an event has no subject.</summary>
    public Func<UsageRecord, string?>? Subject { get; init; }
}
