namespace StreamUsage.Export;

/// <summary>Specifies the additional values of a <see cref="FocusReport"/>.</summary>
public sealed record FocusOptions
{
    /// <summary>Gets the id of the billed account: <c>"default"</c> by default.</summary>
    public string BillingAccountId { get; init; } = "default";

    /// <summary>Gets the name of the billed account; null (the default) leaves it empty.</summary>
    public string? BillingAccountName { get; init; }

    /// <summary>Gets the issuer of the invoice; null (the default) takes the provider.</summary>
    public string? InvoiceIssuerName { get; init; }

    /// <summary>Gets the function that returns a response's sub-account (project, team, tenant), or null for none; null
    /// (the default) leaves it empty. What it throws, <see cref="FocusReport.Add"/> throws.</summary>
    public Func<UsageRecord, string?>? SubAccountId { get; init; }

    /// <summary>Gets the names of the <see cref="UsageContext.Tags"/> in the column <c>Tags</c>; empty by default. Each
    /// combination of values is a row, so choose names with few values.</summary>
    public IReadOnlyList<string> TagNames { get; init; } = [];
}
