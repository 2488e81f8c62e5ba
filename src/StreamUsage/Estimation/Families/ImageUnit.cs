namespace StreamUsage.Estimation.Families;

/// <summary>Specifies the unit of an image's size.</summary>
internal enum ImageUnit
{
    /// <summary>Pixels: at most 1568 on the longer side, and 1.2 million in all (Anthropic: width × height /
    /// 750).</summary>
    Pixels,

    /// <summary>Tiles of 512 pixels, after scaling into 2048 × 2048 and to 768 on the shorter side (OpenAI).</summary>
    Tiles,

    /// <summary>Patches of 32 pixels, at most 1536 (OpenAI's small and newest models).</summary>
    Patches,

    /// <summary>Tiles of 768 pixels, one where both sides are at most 384 (Google).</summary>
    LargeTiles,
}
