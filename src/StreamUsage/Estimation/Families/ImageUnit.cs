namespace StreamUsage.Estimation.Families;

/// <summary>What an image's size is measured in.</summary>
internal enum ImageUnit
{
    /// <summary>Pixels, the longer side at most 1568 and all of them at most 1.2 million (Anthropic: width × height / 750).</summary>
    Pixels,

    /// <summary>Tiles of 512 pixels, the image first fit into 2048 × 2048 and then to 768 on its shorter side (OpenAI).</summary>
    Tiles,

    /// <summary>Patches of 32 pixels, at most 1536 (OpenAI's small and newest models).</summary>
    Patches,

    /// <summary>Tiles of 768 pixels, one where both sides are at most 384 (Google).</summary>
    LargeTiles,
}
