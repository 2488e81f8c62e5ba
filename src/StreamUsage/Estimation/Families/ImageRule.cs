namespace StreamUsage.Estimation.Families;

/// <summary>What an image costs: a base and so much for each unit of its size, after the provider has scaled it down. The rules are the providers' published ones.</summary>
internal sealed record ImageRule
{
    /// <summary>How the size is measured.</summary>
    public ImageUnit Unit { get; init; }

    /// <summary>Tokens of an image of any size.</summary>
    public double Base { get; init; }

    /// <summary>Tokens of a unit.</summary>
    public double PerUnit { get; init; }

    /// <summary>Tokens of an image whose size is not known.</summary>
    public long Unknown { get; init; }
}
