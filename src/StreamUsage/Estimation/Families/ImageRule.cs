namespace StreamUsage.Estimation.Families;

/// <summary>Specifies an image's tokens: a base, and a number for each unit of its size after the provider scaled it
/// down. Source: the providers' published rules.</summary>
internal sealed record ImageRule
{
    /// <summary>Gets the unit of the size.</summary>
    public ImageUnit Unit { get; init; }

    /// <summary>Gets the tokens of an image of any size.</summary>
    public double Base { get; init; }

    /// <summary>Gets the tokens of one unit.</summary>
    public double PerUnit { get; init; }

    /// <summary>Gets the tokens of an image of unknown size.</summary>
    public long Unknown { get; init; }
}
